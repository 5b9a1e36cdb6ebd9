#!/bin/bash
cat <<EOF > /etc/nginx/conf.d/a.conf
map $$http_upgrade \$connection_upgrade { default upgrade; '' close; }
server {
  listen 80;
  location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $$http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_set_header Host \$host;
  }
  location /both {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade "$$http_upgrade";
    proxy_set_header Connection $$connection_upgrade;
    proxy_set_header Host \$host;
  }
}
EOF
