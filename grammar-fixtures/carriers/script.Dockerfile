FROM nginx
RUN <<EOF
cat > /etc/nginx/conf.d/a.conf <<'NG'
server {
  listen 80;
  location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "ugrade";
  }
}
NG
EOF
