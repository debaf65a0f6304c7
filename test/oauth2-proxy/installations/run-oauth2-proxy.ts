/** Runs oauth2-proxy with the files of an installation, as the chart, Kubernetes and a shell pass them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type RunningOauth2Proxy, startOauth2Proxy } from '../../../tools/oauth2-proxy.ts';

type Tree = Readonly<Record<string, unknown>>;

/** The arguments and variables of a real oauth2-proxy. */
export interface TheirRun {
  readonly flags: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** With an alpha configuration no flag sets the listen address. */
  readonly isAlpha?: boolean;
}

/** Returns the text of a file of the installation, with the URLs of the running issuers. */
export type ReadText = (name: string) => string;

/** Prepares a run of the files in their own folder. */
export type TheirWay = (read: ReadText, folder: string) => TheirRun;

/** The listen address in an alpha configuration. */
const address = '$BIND_ADDRESS';

/** Moves the last word, the listen address, to the environment. */
const withoutAddress = `n=$#
while [ "$n" -gt 1 ]; do set -- "$@" "$1"; shift; n=$((n-1)); done
BIND_ADDRESS=$(echo "$1" | cut -d= -f2); export BIND_ADDRESS; shift
exec "$0" "$@"`;

/** Starts oauth2-proxy. */
export function startTheirs(
  path: string,
  { flags, environment = {}, isAlpha = false }: TheirRun,
): Promise<RunningOauth2Proxy> {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const command = isAlpha ? ['/bin/sh', '-c', withoutAddress, path] : [path];
  return startOauth2Proxy('/usr/bin/env', ['PATH=/usr/bin:/bin', ...variables, ...command, ...flags]);
}

function write(folder: string, name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** A configuration file that a flag names. */
export function fromToml(name: string): TheirWay {
  return (read, folder) => ({ flags: [`--config=${write(folder, `their-${name}`, read(name))}`] });
}

/** A variable file for a shell or a container. */
export function fromVariables(name: string): TheirWay {
  return (read) => ({ flags: [], environment: variablesOf(read(name)) });
}

function variablesOf(text: string): Record<string, string> {
  const lines = [...text.matchAll(/^(?:export )?([A-Z0-9_]+)=(["']?)(.*)\2$/gm)];
  return Object.fromEntries(lines.map(([, name = '', , value = '']) => [name, value]));
}

/** An alpha configuration, with the other settings in a configuration file and variables. */
export function fromAlpha(alpha: string, toml: string, variables: string): TheirWay {
  return (read, folder) => {
    const text = read(alpha)
      .replace('0.0.0.0:4180', address)
      // The form since 7.14.
      .replace('- claim: site_code', '- claimSource: {claim: site_code}');
    return {
      flags: [
        `--alpha-config=${write(folder, 'their-alpha.yaml', text)}`,
        `--config=${write(folder, 'their.cfg', read(toml))}`,
      ],
      environment: variablesOf(read(variables)),
      isAlpha: true,
    };
  };
}

/** The values of the chart, with its templates for arguments, variables and files. */
export function fromChart(name: string, secret?: string): TheirWay {
  return (read, folder) => {
    // Helm parses YAML 1.1.
    const whole = parse(read(name).replace(/^USER-SUPPLIED VALUES:/, ''), { version: '1.1' }) as Tree;
    const values = (whole['oauth2-proxy'] ?? whole) as Tree;
    const config = (values.config ?? {}) as Tree;
    const alpha = values.alphaConfig as Tree | undefined;
    const emails = values.authenticatedEmailsFile as Tree | undefined;
    const credentials =
      secret === undefined
        ? {
            'client-id': config.clientID,
            'client-secret': config.clientSecret,
            'cookie-secret': config.cookieSecret,
          }
        : (parse(read(secret)) as { stringData: Tree }).stringData;
    const mounted =
      config.configFile ??
      [
        `email_domains = ${JSON.stringify(config.emailDomains ?? ['*'])}`,
        ...(alpha === undefined
          ? [`upstreams = ${JSON.stringify(config.upstreams ?? ['file:///dev/null'])}`]
          : []),
      ].join('\n');
    const flags = [
      ...(config.cookieName ? [`--cookie-name=${config.cookieName}`] : []),
      ...argumentsOf(values.extraArgs),
      `--config=${write(folder, 'their.cfg', String(mounted))}`,
      ...(emails === undefined
        ? []
        : [`--authenticated-emails-file=${write(folder, 'emails', String(emails.restricted_access))}`]),
      ...(alpha === undefined
        ? []
        : [`--alpha-config=${write(folder, 'their-alpha.yaml', alphaOf(alpha.configData as Tree))}`]),
    ];
    return {
      flags,
      environment: {
        ...Object.fromEntries(
          Object.entries(credentials).map(([key, value]) => [
            `OAUTH2_PROXY_${key.toUpperCase().replaceAll('-', '_')}`,
            String(value),
          ]),
        ),
        ...variablesIn(values.extraEnv),
      },
      isAlpha: alpha !== undefined,
    };
  };
}

function alphaOf(configData: Tree): string {
  return JSON.stringify({ server: { bindAddress: address }, ...configData });
}

/** A mapping has one flag for each name; a list is used unchanged. */
function argumentsOf(extraArgs: unknown): readonly string[] {
  if (Array.isArray(extraArgs)) return extraArgs.map(String);
  return Object.entries((extraArgs ?? {}) as Tree).map(([flag, value]) =>
    value === null ? `--${flag}` : `--${flag}=${value}`,
  );
}

function variablesIn(list: unknown): Record<string, string> {
  const entries = (list ?? []) as readonly { readonly name: string; readonly value: string }[];
  return Object.fromEntries(entries.map(({ name, value }) => [name, value]));
}

interface Container {
  readonly args: readonly string[];
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef: { readonly key: string } };
  }[];
}

/** A Deployment with variables from a Secret, as the kubelet starts its first container. */
export function fromDeployment(name: string, secret: string): TheirWay {
  return (read) => {
    const deployment = parse(read(name)) as {
      spec: { template: { spec: { containers: readonly [Container] } } };
    };
    const { data } = parse(read(secret)) as { data: Readonly<Record<string, string>> };
    const [{ args, env }] = deployment.spec.template.spec.containers;
    const environment = Object.fromEntries(
      env.map(({ name: variable, value, valueFrom }) => [
        variable,
        value ?? Buffer.from(data[valueFrom?.secretKeyRef.key ?? ''] ?? '', 'base64').toString(),
      ]),
    );
    const expanded = args.map((word) =>
      word.replaceAll(/\$\((\w+)\)/g, (_, variable) => environment[variable] ?? ''),
    );
    return { flags: expanded, environment };
  };
}

interface FileOfList {
  readonly items: readonly [{ readonly data: Readonly<Record<string, string>> }];
}

/** A ConfigMap with the configuration file, in a list with the Deployment that mounts it. */
export function fromConfigMap(name: string, key: string): TheirWay {
  return (read, folder) => {
    const { items } = parse(read(name)) as FileOfList;
    const file = write(folder, 'their.cfg', items[0].data[key] ?? '');
    return { flags: [`--config=${file}`, '--provider=oidc'] };
  };
}
