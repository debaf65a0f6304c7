/** What the command line takes, command by command, as `--help` tells it. */

/** A flag of a command. */
export interface ManualFlag {
  readonly name: string;
  /** What stands behind it, e.g. `FILE`; absent where it stands alone. */
  readonly takes?: string;
  readonly text: string;
}

/** A command. */
export interface ManualPage {
  /** e.g. `migrate oauth2-proxy`. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly usage: readonly string[];
  readonly about: readonly string[];
  /** Those of its own. */
  readonly flags: readonly ManualFlag[];
  /** Whether it takes the flags of the configuration as well. */
  readonly takesConfig: boolean;
  readonly exitCodes: Readonly<Record<number, string>>;
  readonly examples: readonly string[];
}

const wrong = 'the command line or the configuration is wrong; each problem stands on stderr';
const outputs = 'The first one is the default.';

const serve: ManualPage = {
  name: 'serve',
  summary: 'answer checks; what happens without a command',
  usage: ['oidc-authz [serve] [--config FILE] [flags]'],
  about: [
    'Answers the checks of Envoy over HTTP (port 8000) and gRPC (port 9000). /livez, /readyz and /metrics are on the admin port (8081).',
    'A flag wins over the environment, which wins over the file, which wins over the default.',
  ],
  flags: [],
  takesConfig: true,
  exitCodes: {
    0: 'asked to end (SIGTERM, SIGINT), and drained',
    1: 'a listener could not be bound, no worker can be kept, a second signal, or a Node that is too old',
    2: wrong,
    70: 'a defect; please report it',
  },
  examples: [
    'oidc-authz --issuer https://issuer.example.com --audience orders-api',
    'oidc-authz --config oidc-authz.yaml --log-level debug',
    'OIDC_AUTHZ_ISSUER=https://issuer.example.com OIDC_AUTHZ_AUDIENCES=a,b oidc-authz',
  ],
};

const checkConfig: ManualPage = {
  name: 'check-config',
  summary: 'tell what is wrong with a configuration, or try a token',
  usage: [
    'oidc-authz check-config [FILE]',
    'oidc-authz check-config [FILE] --token-file FILE [--method M] [--host H] [--path P]',
    'oidc-authz check-config [FILE] --test TABLE',
  ],
  about: [
    'Prints the configuration with every default, or each problem. FILE may hold the values of the Helm chart: what the chart makes of them is then looked at.',
    'With --token-file it fetches the keys and says what a check with that token would answer, and why. It never prints the token.',
    'With --test it runs a table of requests (docs/rules.md). Nothing is fetched: tokens count as signed.',
  ],
  flags: [
    {
      name: '--config',
      takes: 'FILE',
      text: 'The configuration file, or the values of the chart; FILE says the same.',
    },
    { name: '--token-file', takes: 'FILE', text: 'A file that holds one token; `-` is standard input.' },
    {
      name: '--method',
      takes: 'M',
      text: 'Method of the request that is tried with the token. Default: GET.',
    },
    { name: '--host', takes: 'H', text: 'Its host. Default: localhost.' },
    { name: '--path', takes: 'P', text: 'Its path. Default: /.' },
    {
      name: '--without-files',
      text: 'Leave out the files that the configuration names (keys, certificates, the deny list), which may not be here.',
    },
    { name: '--test', takes: 'TABLE', text: 'A YAML file with requests and what must become of each.' },
  ],
  takesConfig: true,
  exitCodes: {
    0: 'the configuration can be used; with --token-file: the request is allowed; with --test: all is as expected',
    1: 'with --token-file: the request is refused; with --test: something is not as expected; or a Node that is too old',
    2: 'the command line, the configuration or the table is wrong; each problem stands on stderr',
  },
  examples: [
    'oidc-authz check-config oidc-authz.yaml',
    'oidc-authz check-config values.yaml --token-file token.txt --path /orders/1',
    'get-token | oidc-authz check-config oidc-authz.yaml --token-file -',
  ],
};

const compare: ManualPage = {
  name: 'compare',
  summary: 'ask an oauth2-proxy and a configuration the same',
  usage: [
    'oidc-authz compare [FILE] --oauth2-proxy URL --tokens FILE',
    'oidc-authz compare --oidc-authz URL --oauth2-proxy URL --tokens FILE',
  ],
  about: [
    'Sends each token, and a request without one, to both, and tells every difference in the answers. FILE is the configuration; --oidc-authz names a service that runs instead.',
  ],
  flags: [
    {
      name: '--oauth2-proxy',
      takes: 'URL',
      text: 'Where oauth2-proxy answers, such as http://127.0.0.1:4180.',
    },
    { name: '--oidc-authz', takes: 'URL', text: 'Where an oidc-authz answers over HTTP, instead of FILE.' },
    {
      name: '--tokens',
      takes: 'FILE',
      text: 'A file with one token a line; lines that begin with # are left out.',
    },
    { name: '--method', takes: 'LIST', text: 'Methods to ask with; may be repeated. Default: GET.' },
    { name: '--path', takes: 'LIST', text: 'Paths to ask for; may be repeated. Default: /.' },
    { name: '--host', takes: 'H', text: 'Host of the requests. Default: compare.invalid.' },
    { name: '--show-values', text: 'Print the values that differ; they can be personal data.' },
  ],
  takesConfig: true,
  exitCodes: {
    0: 'both decide alike and name the same caller',
    1: 'another decision is made, or another caller is named; or a Node that is too old',
    2: `${wrong}; there is no token, or one of the two does not answer`,
  },
  examples: [
    'oidc-authz compare oidc-authz.yaml --oauth2-proxy http://127.0.0.1:4180 --tokens tokens.txt',
    'oidc-authz compare oidc-authz.yaml --oauth2-proxy http://127.0.0.1:4180 --tokens tokens.txt --path /a,/b --method GET,POST',
  ],
};

const migrateExitCodes = {
  0: 'everything that guards was carried over, or its loss was accepted by name',
  1: 'a Node that is too old',
  2: 'the command line is wrong, or what is given cannot be read; each problem stands on stderr',
  3: 'something that guards cannot be carried over; the report names it, and --accept accepts it',
} as const;

const migrateOauth2Proxy: ManualPage = {
  name: 'migrate oauth2-proxy',
  summary: 'turn settings of an oauth2-proxy into a configuration',
  usage: ['oidc-authz migrate oauth2-proxy [FILE…] [flags] [-- FLAGS OF OAUTH2-PROXY]'],
  about: [
    'FILE holds Helm values, TOML, alpha YAML, Kubernetes manifests or variables; `-` or none is standard input. The result goes to standard output, the report on each setting to standard error.',
  ],
  flags: [
    {
      name: '--output',
      takes: 'KIND',
      text: `What to write: config, values (of the chart) or plan. ${outputs}`,
    },
    { name: '--accept', takes: 'LIST', text: 'Names of settings whose loss you accept; may be repeated.' },
    { name: '--compat', takes: 'NAME', text: '`oauth2-proxy`: refusals look as its own do. Default: none.' },
  ],
  takesConfig: false,
  exitCodes: migrateExitCodes,
  examples: [
    'oidc-authz migrate oauth2-proxy values.yaml > oidc-authz.yaml',
    'oidc-authz migrate oauth2-proxy -- --oidc-issuer-url=https://issuer.example.com --client-id=orders-api',
    'kubectl get deploy,configmap -n auth -o yaml | oidc-authz migrate oauth2-proxy --output values',
  ],
};

const migrateApirule: ManualPage = {
  name: 'migrate apirule',
  summary: 'turn APIRules in v1beta1 into v2 and a configuration',
  usage: ['oidc-authz migrate apirule [FILE…] [flags]'],
  about: [
    'FILE holds APIRules of Kyma in v1beta1; `-` or none is standard input. The result goes to standard output, the report to standard error.',
  ],
  flags: [
    {
      name: '--output',
      takes: 'KIND',
      text: `What to write: all, apirule, config or values (of the chart). ${outputs}`,
    },
    { name: '--issuer', takes: 'URL', text: 'The issuer of rules that name none.' },
    {
      name: '--audience',
      takes: 'LIST',
      text: 'Audiences of tokens where the rules name none; may be repeated.',
    },
    { name: '--authorizer', takes: 'NAME', text: 'Name of the authorizer in the mesh. Default: oidc-authz.' },
    { name: '--domain', takes: 'NAME', text: "The cluster's domain, for hosts without one." },
    { name: '--accept', takes: 'LIST', text: 'Names of findings that you accept; may be repeated.' },
  ],
  takesConfig: false,
  exitCodes: migrateExitCodes,
  examples: [
    'oidc-authz migrate apirule apirules.yaml --issuer https://issuer.example.com --audience orders-api',
    'kubectl get apirules.v1beta1.gateway.kyma-project.io -A -o yaml | oidc-authz migrate apirule',
  ],
};

/** Every command, in the order in which they are listed. */
export const manual: readonly ManualPage[] = [
  serve,
  checkConfig,
  compare,
  migrateOauth2Proxy,
  migrateApirule,
];
