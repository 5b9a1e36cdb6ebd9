ssh host <<'OUTER'
cat > /etc/nginx/conf.d/a.conf <<EOF
server { listen 80;
 location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
 } }
EOF
OUTER
