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
  return [...shadow, ...(hasSharedIssuer ? audiences : [])].map((warning) => `warning: ${warning}`);
}
