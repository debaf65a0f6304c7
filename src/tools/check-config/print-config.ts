/** Prints a checked configuration. */

import type { Config } from '../../config/declare/options.ts';
import { absentOptions, withDerivedDefaults, writtenConfig } from '../../config/describe/describe.ts';
import { yamlText } from '../../config/describe/yaml-text.ts';
import { rulesOf } from '../../config/rules/rule-problems.ts';
import { hasShadowMode } from '../../config/rules/shadow-mode.ts';

/** Writes the configuration with every default as YAML; comments name the options without a value. */
export function configText(config: Config): string {
  const whole = withDerivedDefaults(config);
  return yamlText(writtenConfig(whole), { comments: absentOptions(whole) });
}

/** Warns about settings that are valid but rarely intended. */
export function configWarnings(config: Config): readonly string[] {
  const hasSharedIssuer = config.issuers.some(({ audiences }) => (audiences?.length ?? 0) > 1);
  const withoutAudiences = rulesOf(config).filter(
    ({ require }) => require !== undefined && require.audiences === undefined,
  );
  const shadow = hasShadowMode(config)
    ? ['mode: shadow allows requests that would be denied; use it only for workloads that are open today']
    : [];
  const audiences = withoutAudiences.map(
    ({ name }) => `the rule ${name} names no audiences, so it accepts a token for any audience of its issuer`,
  );
  return [
    ...shadow,
    ...consoleWarnings(config.admin),
    ...loginListenerWarnings(config.login),
    ...(hasSharedIssuer ? audiences : []),
  ].map((warning) => `warning: ${warning}`);
}

/** Hosts on which only clients of this machine can connect. */
const loopback = /^(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/i;

function loginListenerWarnings(login: Config['login']): readonly string[] {
  return login?.listener.enabled === true
    ? [
        'login.listener.enabled: the listener of the login needs a Node.js without --disallow-code-generation-from-strings; the chart removes that flag, the image alone does not',
      ]
    : [];
}

function consoleWarnings({ console, host, tls, tokenFile }: Config['admin']): readonly string[] {
  if (!console.enabled) return [];
  const isLocal = host !== undefined && loopback.test(host);
  const isProtected = tls?.clientCaFile !== undefined || tokenFile !== undefined;
  return [
    'admin.console.enabled: the console needs a Node.js without --disallow-code-generation-from-strings; the chart removes that flag, the image alone does not',
    ...(isLocal || isProtected
      ? []
      : [
          'admin.console.enabled: only clients of this machine, such as `kubectl port-forward`, can use the console; for others, set admin.tokenFile or admin.tls.clientCaFile',
        ]),
    ...(tokenFile !== undefined && tls === undefined && !isLocal
      ? ['admin.tokenFile: without admin.tls, the token is sent in plain text; set admin.tls']
      : []),
  ];
}
