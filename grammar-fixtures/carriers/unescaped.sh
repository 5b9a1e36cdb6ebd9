#!/bin/bash
DOMAIN=$1
cat > /etc/nginx/conf.d/app.conf <<EOF
server {
    listen 80;
    server_name $DOMAIN;
    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
}
EOF
