/** A file that is a configuration of oauth2-proxy rather than one of this service; loaded only where there may be one. */
import { ConfigError, type Problem } from '../../config/validate/problems.ts';
import { isMapping } from '../../config/values/mapping.ts';
import { isSurelyChart } from '../migrate/oauth2-proxy/read/chart/find-charts.ts';
import { type FilePart, fileParts } from '../migrate/oauth2-proxy/read/file-kind.ts';
import { hasKnownKey } from '../migrate/oauth2-proxy/read/toml.ts';
import type { YamlNode } from '../migrate/oauth2-proxy/read/yaml-node.ts';

/**
 * Says what a file of oauth2-proxy's is and what to do with it.
 *
 * @returns undefined where a text is nothing that only oauth2-proxy has
 */
export function foreignProblem(text: string, path: string): Problem | undefined {
  const what = foreignParts(text, path)
    .map((part) => told(part, text))
    .find((one) => one !== undefined);
  return what === undefined
    ? undefined
    : {
        path: '',
        source: path,
        message: `${what}: \`oidc-authz migrate oauth2-proxy ${path}\` turns ${what.startsWith('these') ? 'them' : 'it'} into a configuration`,
      };
}

function foreignParts(text: string, path: string): readonly FilePart[] {
  try {
    return fileParts({ name: path, text });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [];
  }
}

function told(part: FilePart, text: string): string | undefined {
  switch (part.kind) {
    case 'values':
      return isOfTheirs(part.values) ? 'these look like values of a chart of oauth2-proxy' : undefined;
    case 'toml':
      return hasKnownKey(text) ? 'this looks like a configuration file of oauth2-proxy' : undefined;
    case 'alpha':
      return 'this looks like an alpha configuration of oauth2-proxy';
    case 'variables':
      return /^\s*(export\s+)?OAUTH2_PROXY_/m.test(text)
        ? 'these look like variables of oauth2-proxy'
        : undefined;
    case 'objects':
    case 'compose':
      return /\bimage:.*\boauth2-proxy\b|\bOAUTH2_PROXY_/.test(text)
        ? 'these look like manifests of oauth2-proxy'
        : undefined;
    default:
      return undefined;
  }
}

/** Whether values have what no other chart has. What the charts have alike, such as `image`, tells nothing. */
function isOfTheirs(values: YamlNode): boolean {
  return !hasOwnConfig(values.value) && isSurelyChart(values);
}

/** Whether values configure this service, at their top or as those of a part. */
function hasOwnConfig(values: unknown): boolean {
  return isMapping(values) && ('issuers' in values || isOwn(values) || Object.values(values).some(isOwn));
}

function isOwn(values: unknown): boolean {
  return (
    isMapping(values) &&
    ('existingConfigMap' in values || (isMapping(values.config) && 'issuers' in values.config))
  );
}
