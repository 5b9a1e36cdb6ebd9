#!/bin/sh
DOMAIN=$1
cat > /etc/nginx/sites-available/app <<EOF
server {
    listen 80;
    server_name $DOMAIN;
    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_set_header Host \$host;
        proxy_set_header X-Domain $DOMAIN;
    }
}
EOF
sudo tee /etc/nginx/conf.d/b.conf >/dev/null <<'NGINX'
server {
    listen 81;
    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_set_header Host $host;
    }
}
NGINX
cat <<-EOF > /etc/nginx/nginx.conf
	events {}
	http {
	    server {
	        listen 82;
	        location /ws { proxy_pass http://127.0.0.1:3000; }
	    }
	}
	EOF
