{ config, ... }: {
  services.nginx.virtualHosts."x" = {
    locations."/ws" = {
      proxyPass = "http://127.0.0.1:3000";
      extraConfig = ''
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "ugrade";
      '';
    };
  };
  services.nginx.config = ''
    events {}
    http {
      server {
        listen ${toString port};
        location /ws {
          proxy_pass http://${config.host}:3000;
          proxy_set_header Host $host;
        }
      }
    }
  '';
}
