/** Recognizes placeholders: text of a tutorial or a template that the operator did not replace. */

/** Forms that are not placeholders in a regular expression. */
const notInExpressions = [
  /\{[A-Za-z][\w-]*\}/,
  /\[[A-Za-z][\w-]*\](?!\S)/,
  /^(x{3,}|TODO|TBD|\.\.\.|…)$/i,
  /\(\([\w./:-]+\)\)/,
];

const forms = [
  // <realm_name> and <path:secret/data/x#y>, but not the name of a group in an expression
  /(?<!\?P?)<[A-Za-z%][^<>]*>/,
  /\$\{[^}]+\}/,
  /\$\([\w.-]+\)/,
  // shell variables, except within a word or after an escape character
  /(?<![\w$\\])\$[A-Za-z_]\w*/,
  /\{\{.*?\}\}/s,
  /%[A-Z][A-Z0-9_]*%/,
  /%\([\w.-]+\)s/,
  /@@[A-Za-z][\w.-]*@@/,
  /@[A-Z][A-Z0-9_]*@/,
  /__[A-Z][A-Z0-9_]*__/,
  // references that a tool replaces with a secret; a list may already be split at the commas of a SOPS value
  /(?<!\w)ENC\[[^\]]*\]?/,
  /^(>>)?vault:\S+#\S*/,
  /(?<!\w)(secret)?ref\+[\w-]+:\/\/\S*/,
  /(?<![\w+.-])(op|vault|sops|sm|ssm|awsssm|awssm|awssecrets|gcpsm|gcpsecrets|azurekv|azurekeyvault|akv|bws|doppler|infisical|conjur):\/\/\S*/,
  /arn:aws[\w-]*:(secretsmanager|ssm):\S*/,
  /@Microsoft\.KeyVault\([^)]*\)/,
  // CHANGE_ME as the whole value, or between dots and slashes of a URL
  /(?<![^/.:@=])(CHANGE|REPLACE|FILL)[-_ ]?(ME|IN|THIS)(?![^/.:?#])/,
  /^(CHANGE|REPLACE|FILL|INSERT)[-_ ]?(ME|IN|THIS|WITH|HERE)([-_ ].*)?$/,
  /^(INSERT|PUT|ENTER)[-_ ][A-Z0-9_ -]*[-_ ]HERE$/,
  /^(change|replace)[-_ ]?(me|this)$/i,
  /(^|[^A-Za-z])your[-_](client|realm|tenant|domain|issuer|group|org|app|company)/i,
  /(^|[^A-Za-z])YOUR[-_ ]/,
  ...notInExpressions,
];

/** Settings whose values are expressions or templates. */
const patterns = ['skip-auth-route', 'skip-auth-regex', 'api-route'];

/** The placeholder in a value; undefined if there is none. */
export function placeholderIn(flag: string, value: string | boolean | readonly string[]): string | undefined {
  if (typeof value === 'boolean' || /-format$/.test(flag)) return undefined;
  const all = typeof value === 'string' ? [value] : value;
  const known = patterns.includes(flag) ? forms.filter((form) => !notInExpressions.includes(form)) : forms;
  for (const one of all) {
    const found = known.map((form) => form.exec(one)?.[0]).find((match) => match !== undefined);
    if (found !== undefined) return found.trim();
  }
  return undefined;
}
