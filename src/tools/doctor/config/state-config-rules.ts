/** Rules of `doctor` about the store of a configuration. */
import { isLoopback } from '../../../config/values/urls.ts';
import type { Rule } from '../rule.ts';
import { replicasWithoutStore, unsharedMemory } from '../rules/k44-replicas-without-store.ts';
import type { ConfigInput } from './config-rules.ts';

const placeOf = (source: string, path: string) => ({ file: source, object: '', path });

const workers: Rule<ConfigInput> = {
  ...replicasWithoutStore,
  check: ({ config, source }) =>
    config.workers === 1
      ? []
      : unsharedMemory(config).map((gap) => ({
          ...gap,
          place: placeOf(source, 'workers'),
          cause: `\`workers\` is ${config.workers}. ${gap.cause}`,
        })),
};

const plainText: Rule<ConfigInput> = {
  id: 'K45',
  title: 'Store without TLS or without a password',
  severity: 'warning',
  effect:
    'Everyone on the way can read the password of the store, end sessions, and delete revocations. Sessions and revocations themselves are encrypted.',
  fix: 'Use `rediss://`, with `caFile` for a private CA, and set `passwordFile`. In a mesh that encrypts this connection, `redis://` is safe.',
  check: ({ config: { state }, source }) => {
    if (state === undefined) return [];
    const { urls, passwordFile, certFile } = state.valkey;
    const isRemote = urls.some((url) => !isLoopback(new URL(url)));
    return [
      ...urls.flatMap((url, index) =>
        url.startsWith('redis:') && !isLoopback(new URL(url))
          ? [
              {
                place: placeOf(source, `state.valkey.urls[${index}]`),
                cause: `${url} is a connection without TLS.`,
              },
            ]
          : [],
      ),
      ...(isRemote && passwordFile === undefined && certFile === undefined
        ? [
            {
              place: placeOf(source, 'state.valkey'),
              cause: 'Neither a password nor a client certificate is set.',
              effect: 'Everyone who reaches the store can end sessions and delete revocations.',
            },
          ]
        : []),
    ];
  },
};

/** The rules about the store. */
export const stateConfigRules: readonly Rule<ConfigInput>[] = [workers, plainText];
