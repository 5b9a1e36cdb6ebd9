resource "aws_instance" "right" {
  user_data = <<-EOF
    #!/bin/bash
    cat > /etc/nginx/conf.d/a.conf <<NGINX
    server {
      listen 80;
      location /ws {
        proxy_pass http://127.0.0.1:${var.port};
        proxy_http_version 1.1;
        proxy_set_header Upgrade \$http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_set_header Host \$host;
        proxy_set_header X-Shell "$${HOSTNAME} \${var.name}";
      }
      location /quoted {
        proxy_pass http://127.0.0.1:3000;
        proxy_set_header Host \$host;
      }
    }
    NGINX
  EOF
}

resource "aws_instance" "quoted" {
  user_data = <<-EOF
    cat > /etc/nginx/conf.d/a.conf <<'NGINX'
    server {
      listen 80;
      location /ws {
        proxy_pass http://127.0.0.1:${var.port};
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_set_header X-Own $${http_x_own};
      }
      location /socket.io/ {
        proxy_pass http://127.0.0.1:3000;
      }
    }
    NGINX
  EOF
}

resource "aws_instance" "lost" {
  user_data = <<-EOF
    cat > /etc/nginx/conf.d/a.conf <<NGINX
    server {
      listen 80;
      location /ws {
        proxy_pass http://127.0.0.1:${var.port};
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
      }
    }
    NGINX
  EOF
}
