resource "x" "y" {
  content = <<-EOT
    server {
      listen 80;
      location /ws {
        proxy_pass http://${var.host}:3000;
        proxy_set_header Host $host;
      }
    }
  EOT
}
