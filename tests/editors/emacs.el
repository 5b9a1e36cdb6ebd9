;;; Emacs as somebody uses it: the settings of docs/editors.md, a finding, its code action. Run by scripts/editor-emacs
;;; in the folder of a project, with the file of the settings as argument.  -*- lexical-binding: t -*-
(require 'package)
(package-initialize)
(require 'nginx-mode)
(load (pop command-line-args-left) nil t)
(require 'eglot)
(require 'flymake)
(setq make-backup-files nil
      eglot-sync-connect 20
      eglot-confirm-server-initiated-edits nil)

(defun wait-for (what holds)
  "Wait until HOLDS gives something; WHAT says what for."
  (let ((end (+ (float-time) 20)))
    (while (not (funcall holds))
      (when (> (float-time) end) (error "Waited in vain: %s" what))
      (accept-process-output nil 0.05))))

;; What hooks leave for the command loop, which does not run without a terminal.
(find-file "snippets/ws.conf")
(nginx-mode)
(run-hooks 'post-command-hook)
(wait-for "a server" (lambda () (and (eglot-current-server) eglot--managed-mode)))

(defun findings ()
  "What flymake shows in this buffer."
  (flymake-start)
  (flymake-diagnostics))

(wait-for "one finding" (lambda () (= (length (findings)) 1)))
(let ((found (car (findings))) asked)
  (goto-char (flymake-diagnostic-beg found))
  (unless (equal (buffer-substring (point) (flymake-diagnostic-end found)) "\"ugrade\"")
    (error "It is shown at another place"))
  (message "ws.conf:%d: %s" (line-number-at-pos) (car (split-string (flymake-diagnostic-text found) "\n")))
  ;; Whoever is asked which action takes the one that is offered first.
  (cl-letf (((symbol-function 'completing-read)
             (lambda (_prompt items &rest more) (setq asked items) (car (last more))))
            (last-nonmenu-event t))
    (eglot-code-actions (point) (1+ (point)) nil t))
  (unless (>= (length asked) 2) (error "Expected several actions, found %S" asked)))
;; Without saving, Emacs tells the server when nobody has typed for a while, which a batch never is.
(save-buffer)
(wait-for "no finding" (lambda () (null (findings))))
(eglot-shutdown (eglot-current-server))
