#!/bin/bash
sudo su - root << EOF
cat > /etc/nginx/sites-available/front << END
server {
  server_name ${frontend_hostname};
  location / {
    proxy_pass http://127.0.0.1:${frontend_port};
    proxy_http_version 1.1;
    proxy_set_header Upgrade \\\$http_upgrade;
    proxy_set_header Connection 'upgrade';
    proxy_set_header Host \\\$host;
  }
  location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_set_header Host \\\$host;
  }
}
END
cat > /etc/nginx/conf.d/quoted.conf <<'NG'
server {
  listen 80;
  location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade \$http_upgrade;
    proxy_set_header Connection "ugrade";
  }
}
NG
EOF
