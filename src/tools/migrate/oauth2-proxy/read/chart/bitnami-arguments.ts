/** The flags that Bitnami's chart of oauth2-proxy writes. */
import type { Collected } from '../collected.ts';
import { readCommandLine, type Word } from '../command-line.ts';
import { readDocuments } from '../documents.ts';
import { markTemplate, markTemplateInFlag } from '../unknown-values.ts';
import { child, elements, isEmpty, isTrue, locationOf, scalarText, type YamlNode } from '../yaml-node.ts';
import { expanded } from './helm-arguments.ts';

/** The path at which the chart mounts the configuration file. */
const configPath = '/bitnami/oauth2-proxy/conf/oauth2_proxy.cfg';

/** The path at which the chart mounts the address file. */
export const emailsPath = '/bitnami/oauth2-proxy/conf/authenticated-emails/authenticated-emails-list';

/**
 * Reads the flags that the chart writes; `args` replaces all of them.
 *
 * @returns the value that makes oauth2-proxy ignore the chart's configuration file; undefined if it reads that file
 */
export function readBitnamiArguments(values: YamlNode, collected: Collected): string | undefined {
  const configuration = child(values, 'configuration');
  const chart = (text: string): Word => ({ text, location: "the chart's default", isChartDefault: true });
  const flag = (name: string, node: YamlNode, label: string): Word[] => {
    const text = isEmpty(node) ? undefined : scalarText(node);
    return text === undefined
      ? []
      : [{ text: `--${name}=${markTemplate(text)}`, location: `${locationOf(node)} ${label}` }];
  };
  const switched = (name: string, node: YamlNode, text: string): Word[] =>
    isTrue(child(node, 'enabled'))
      ? [
          {
            text: `--${name}=${text}`,
            location: `${locationOf(node)} configuration.${String(node.path.at(-1))}`,
          },
        ]
      : [];
  const google = child(configuration, 'google');
  const isGoogle = isTrue(child(google, 'enabled'));
  const groups = child(google, 'groups');
  const own = child(values, 'args');
  const command = child(values, 'command');
  if (!isEmpty(command)) {
    const message = 'it does not start oauth2-proxy; pass the flags after `--`';
    collected.problems.push({ path: 'command', source: locationOf(command), message });
  }
  if (!isEmpty(own)) {
    readCommandLine(expanded(listOfWords(own, 'args', collected), collected), collected);
    return takeOwnFile(collected) === 'own' ? undefined : 'args';
  }
  const words = [
    chart('--http-address=0.0.0.0:4180'),
    ...switched('authenticated-emails-file', child(configuration, 'authenticatedEmailsFile'), emailsPath),
    ...(isGoogle
      ? [
          ...flag('google-admin-email', child(google, 'adminEmail'), 'configuration.google.adminEmail'),
          ...(Array.isArray(groups.value) ? elements(groups) : [child(google, 'googleGroup')]).flatMap(
            (group) => flag('google-group', group, 'configuration.google.groups'),
          ),
        ]
      : []),
    ...switched(
      'htpasswd-file',
      child(configuration, 'htpasswdFile'),
      '/bitnami/oauth2-proxy/conf/htpasswd/users.txt',
    ),
    ...flag('redirect-url', child(configuration, 'redirectUrl'), 'configuration.redirectUrl'),
    ...flag('oidc-issuer-url', child(configuration, 'oidcIssuerUrl'), 'configuration.oidcIssuerUrl'),
    ...flag('whitelist-domain', child(configuration, 'whiteList'), 'configuration.whiteList'),
    ...listOfWords(child(values, 'extraArgs'), 'extraArgs', collected),
  ];
  readCommandLine(expanded(words, collected), collected);
  return takeOwnFile(collected) === 'other' ? 'extraArgs' : undefined;
}

/** Whether the last `--config` names the chart's own file, which is then read from the values, or another file. */
function takeOwnFile({ namedFiles }: Collected): 'own' | 'other' | 'none' {
  const configs = namedFiles.filter(({ flag }) => flag === 'config');
  const last = configs.at(-1);
  if (last === undefined) return 'none';
  if (last.path !== configPath) return 'other';
  namedFiles.splice(0, namedFiles.length, ...namedFiles.filter(({ flag }) => flag !== 'config'));
  return 'own';
}

/** Reads a list of flags, or a text that contains one. */
function listOfWords(node: YamlNode, label: string, collected: Collected): Word[] {
  if (isEmpty(node)) return [];
  const words = (list: YamlNode, at: (entry: YamlNode) => string) =>
    elements(list).flatMap((entry): Word[] => {
      const text = scalarText(entry);
      if (text !== undefined) return [{ text: markTemplateInFlag(text), location: `${at(entry)} ${label}` }];
      const message = 'expected a flag, such as `--provider=oidc`';
      collected.problems.push({ path: label, source: at(entry), message });
      return [];
    });
  if (Array.isArray(node.value)) return words(node, locationOf);
  if (typeof node.value === 'string') {
    const [document] = readDocuments(node.value, locationOf(node));
    if (document !== undefined && Array.isArray(document.value))
      return words(document, () => locationOf(node));
  }
  const message = 'expected a list of flags';
  collected.problems.push({ path: label, source: locationOf(node), message });
  return [];
}
