resource "x" "y" {
  content = <<-EOT
    server {
      listen 80;
      location /ws {
        proxy_pass http://$${backend}:3000;
        proxy_set_header Host $${host};
        proxy_set_header X "%%{x}";
      }
    }
  EOT
}
