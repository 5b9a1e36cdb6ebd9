-- Neovim as somebody uses it: the settings of docs/editors.md, a finding, its code action. Run by
-- scripts/editor-neovim in the folder of a project; what goes wrong ends it with status 1.
local function fail(why)
  io.stderr:write(why .. '\n')
  vim.cmd('cquit 1')
end

local ok, err = pcall(function()
  dofile(os.getenv('WSLINT_SETTINGS'))
  local snippet = 'snippets/ws.conf'
  vim.cmd('edit ' .. snippet)
  vim.cmd('set filetype=nginx')
  local function count()
    return #vim.diagnostic.get(0)
  end
  assert(vim.wait(5000, function() return count() == 1 end, 10), 'expected 1 finding, found ' .. count())
  local found = vim.diagnostic.get(0)[1]
  print(('%s:%d:%d: %s: %s'):format(snippet, found.lnum + 1, found.col + 1, found.code or '?', found.message:match('[^\n]*')))

  -- Whoever is asked which action takes the first one.
  local asked
  vim.ui.select = function(items, _, choose)
    asked = items
    choose(items[1], 1)
  end
  vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col + 1 })
  vim.lsp.buf.code_action()
  local before = vim.api.nvim_buf_get_changedtick(0)
  assert(vim.wait(5000, function() return vim.api.nvim_buf_get_changedtick(0) ~= before end, 10), 'no action was made')
  assert(asked and #asked >= 2, 'expected several actions')
  assert(vim.wait(5000, function() return count() == 0 end, 10), 'the finding stays')
  vim.cmd('write')
end)
if not ok then
  fail(tostring(err))
else
  vim.cmd('qall!')
end
