#!/bin/bash
# remove last closing brackets
sed -i '$ d' /etc/nginx/nginx.conf
# add new configuration and add last closing brackets
cat <<EOF >> /etc/nginx/nginx.conf
    server {
        listen 8000 default_server;
        location = /basic_status {
            stub_status;
        }
        location /ws {
          proxy_pass http://127.0.0.1:3000;
          proxy_http_version 1.1;
          proxy_set_header Upgrade \$http_upgrade;
          proxy_set_header Connection "upgrade";
        }
    }
}
EOF
