module oidc-authz/tools/proxy-oracle

go 1.26.0
