/** Recognizes files of oauth2-proxy. */
import { ConfigError, type Problem } from '../../config/validate/problems.ts';
import { isMapping } from '../../config/values/mapping.ts';
import { isSurelyChart } from '../migrate/oauth2-proxy/read/chart/find-charts.ts';
import { type FilePart, fileParts } from '../migrate/oauth2-proxy/read/file-kind.ts';
import { hasKnownKey } from '../migrate/oauth2-proxy/read/toml.ts';
import type { YamlNode } from '../migrate/oauth2-proxy/read/yaml-node.ts';

/**
 * Makes the problem for a file of oauth2-proxy: what the file is, and how to convert it.
 *
 * @returns undefined if the text has nothing that only oauth2-proxy has
 */
export function oauth2ProxyFileProblem(text: string, path: string): Problem | undefined {
  const found = partsOf(text, path)
    .map((part) => describePart(part, text))
    .find((description) => description !== undefined);
  return found === undefined
    ? undefined
    : {
        path: '',
        source: path,
        message: `the file has ${found} of oauth2-proxy; convert it with \`oidc-authz migrate oauth2-proxy ${path}\``,
      };
}

function partsOf(text: string, path: string): readonly FilePart[] {
  try {
    return fileParts({ name: path, text });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [];
  }
}

function describePart(part: FilePart, text: string): string | undefined {
  switch (part.kind) {
    case 'values':
      return isOauth2ProxyChart(part.values) ? 'the values of a chart' : undefined;
    case 'toml':
      return hasKnownKey(text) ? 'the settings' : undefined;
    case 'alpha':
      return 'the alpha configuration';
    case 'variables':
      return /^\s*(export\s+)?OAUTH2_PROXY_/m.test(text) ? 'the variables' : undefined;
    case 'objects':
    case 'compose':
      return /\bimage:.*\boauth2-proxy\b|\bOAUTH2_PROXY_/.test(text) ? 'the manifests' : undefined;
    default:
      return undefined;
  }
}

/** Whether values have names that only charts of oauth2-proxy have; `image`, for example, is in every chart. */
function isOauth2ProxyChart(values: YamlNode): boolean {
  return !hasOwnConfig(values.value) && isSurelyChart(values);
}

/** Whether values configure oidc-authz, at the top or in a subchart. */
function hasOwnConfig(values: unknown): boolean {
  return (
    isMapping(values) && ('issuers' in values || isOwnChart(values) || Object.values(values).some(isOwnChart))
  );
}

function isOwnChart(values: unknown): boolean {
  return (
    isMapping(values) &&
    ('existingConfigMap' in values || (isMapping(values.config) && 'issuers' in values.config))
  );
}
