kubectl apply -f - <<EOF
apiVersion: v1
kind: ConfigMap
metadata:
  name: edge
data:
  default.conf: |
    server {
      listen 80;
      location /ws {
        proxy_pass http://chat:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
      }
    }
EOF
