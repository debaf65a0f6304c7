module oidc-authz/proxy-oracle

go 1.24
