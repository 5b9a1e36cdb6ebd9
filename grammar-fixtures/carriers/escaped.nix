{
  services.nginx.virtualHosts."a".extraConfig = ''
    location /ws {
      proxy_pass http://127.0.0.1:9000;
      proxy_http_version 1.1;
      proxy_set_header Upgrade ''${http_upgrade};
      proxy_set_header Connection "upgrade";
    }
  '';
  services.nginx.virtualHosts."b".extraConfig = ''
    location /ws {
      proxy_pass http://127.0.0.1:9000;
      proxy_http_version 1.1;
      proxy_set_header Upgrade ''$http_upgrade;
      proxy_set_header Connection "upgrade";
    }
  '';
}
