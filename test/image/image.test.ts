/** The image, built with buildah and run with runc. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Container, type ContainerOptions, startContainer } from '../../tools/container.ts';
import { freePort } from '../../tools/free-port.ts';
import { type BuiltImage, buildImage, findImageTools } from '../../tools/image.ts';
import { until } from '../support/app.ts';
import { audience, startFakeIssuer } from '../support/fake-issuer.ts';
import { programs } from '../support/fetch-programs.ts';
import { connectGrpc } from '../support/grpc-client.ts';
import { exchange, request } from '../support/http1.ts';
import { describeWith } from '../support/real-servers.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

describeWith('the image', await findImageTools(), (buildah) => {
  let image: BuiltImage;
  beforeAll(async () => {
    image = await buildImage(buildah);
  }, 600_000);

  function run(options: ContainerOptions): Container {
    const container = startContainer(image, options);
    onTestFinished(() => container.signal('KILL'));
    return container;
  }

  /** A folder as the kubelet mounts a ConfigMap: the file is a symbolic link, and one rename replaces its target. */
  function configMap(text: string): { folder: string; replace: (text: string) => void } {
    const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-configmap-'));
    chmodSync(folder, 0o755);
    let version = 0;
    const replace = (next: string) => {
      const data = `..v${version++}`;
      mkdirSync(join(folder, data));
      writeFileSync(join(folder, data, 'oidc-authz.yaml'), next);
      symlinkSync(data, join(folder, '..data_tmp'));
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    replace(text);
    symlinkSync(join('..data', 'oidc-authz.yaml'), join(folder, 'oidc-authz.yaml'));
    return { folder, replace };
  }

  test('answers checks on a read-only root file system, reloads its configuration, and drains', async () => {
    const issuer = await startFakeIssuer();
    onTestFinished(() => issuer.close());
    const [http, grpc, admin] = [await freePort(), await freePort(), await freePort()];
    const config = (audiences: string) =>
      [
        `issuers: [{issuer: "${issuer.url}", audiences: [${audiences}]}]`,
        ...Object.entries({ http, grpc, admin }).map(
          ([name, port]) => `${name}: {host: 127.0.0.1, port: ${port}}`,
        ),
        'shutdown: {delay: 0s}',
      ].join('\n');
    const mounted = configMap(config(audience));
    const container = run({
      args: ['--config', '/etc/oidc-authz/config/oidc-authz.yaml'],
      environment: { NODE_OPTIONS: '--max-old-space-size=230' },
      mounts: { '/etc/oidc-authz/config': mounted.folder },
    });
    const isReady = () =>
      fetch(`http://127.0.0.1:${admin}/readyz`).then(
        ({ status }) => status === 200,
        () => false,
      );
    await until(isReady, 20).catch((error) => {
      throw new Error(`${error}: ${container.output()}`);
    });
    const ask = async (token?: string) =>
      (
        await exchange(
          http,
          request('GET', '/', token === undefined ? [] : [`authorization: Bearer ${token}`]),
        )
      )?.status;
    const [good, other] = [await issuer.mint(), await issuer.mint({ claims: { aud: 'other' } })];
    expect([await ask(), await ask(good), await ask(other)]).toEqual([401, 200, 401]);
    const client = connectGrpc(grpc);
    onTestFinished(client.close);
    expect((await client.check({ headers: { authorization: `Bearer ${good}` } })).status?.code).toBe(0);

    mounted.replace(config('other'));
    await until(async () => (await ask(other)) === 200);

    container.signal('TERM');
    expect(await container.exit).toBe(0);
    expect(container.output()).toContain('"msg":"drained"');
    expect(container.output()).not.toContain('Warning');
  });

  test('prints its version, and exits with code 2 without a configuration', async () => {
    const version = run({ args: ['--version'] });
    expect([await version.exit, version.output()]).toEqual([0, '0.1.0\n']);
    const nothing = run({ args: [] });
    expect([await nothing.exit, nothing.output()]).toEqual([
      2,
      expect.stringContaining('at least one issuer'),
    ]);
  });

  test('explains as Envoy does, without the flag that forbids to compile the protos', async () => {
    const args = ['explain', '--grpc', '127.0.0.1:1'];
    const plain = run({ args });
    expect([await plain.exit, plain.output()]).toEqual([
      2,
      expect.stringContaining('Node runs with --disallow-code-generation-from-strings'),
    ]);
    const allowed = run({ entrypoint: ['/nodejs/bin/node'], args: ['/app/dist/main.js', ...args] });
    expect([await allowed.exit, allowed.output()]).toEqual([
      2,
      expect.stringContaining('no answer from 127.0.0.1:1'),
    ]);
  });

  test('serves the console only without --disallow-code-generation-from-strings, and names that flag otherwise', async () => {
    const issuer = await startFakeIssuer();
    onTestFinished(() => issuer.close());
    const [http, grpc, admin] = [await freePort(), await freePort(), await freePort()];
    const args = [
      ...[`--issuer=${issuer.url}`, `--audience=${audience}`, '--admin-console-enabled'],
      ...Object.entries({ http, grpc, admin }).flatMap(([name, port]) => [
        `--${name}-host=127.0.0.1`,
        `--${name}-port=${port}`,
      ]),
      '--shutdown-delay=0s',
    ];
    const rejected = run({ args });
    expect(await rejected.exit).toBe(1);
    expect(rejected.output()).toContain(
      'admin.console.enabled: the console cannot start, because Node may not compile code; start Node without --disallow-code-generation-from-strings',
    );
    const entrypoint = image.config.Entrypoint.filter(
      (word) => word !== '--disallow-code-generation-from-strings',
    );
    const container = run({ entrypoint, args });
    const statusOf = (path: string) =>
      fetch(`http://127.0.0.1:${admin}/console${path}`).then(
        ({ status }) => status,
        () => undefined,
      );
    await until(async () => (await statusOf('')) === 200, 20).catch((error) => {
      throw new Error(`${error}: ${container.output()}`);
    });
    expect(await statusOf('/checks')).toBe(200);
    container.signal('TERM');
    expect(await container.exit).toBe(0);
  });

  describe('is not allowed to', () => {
    const inside = (script: string) => {
      const [node = '', ...flags] = image.config.Entrypoint.slice(0, -1);
      return run({ entrypoint: [node, ...flags], args: ['--input-type=commonjs', '--eval', script] });
    };
    test.each([
      ['write a file', 'require("fs").writeFileSync("/tmp/x", "")', 'ERR_ACCESS_DENIED'],
      ['read files of the base image', 'require("fs").readFileSync("/usr/bin/mawk")', 'ERR_ACCESS_DENIED'],
      ['start a process', 'require("child_process").spawnSync("/nodejs/bin/node")', 'ERR_ACCESS_DENIED'],
      ['start a thread', 'new (require("worker_threads").Worker)("", {eval: true})', 'ERR_ACCESS_DENIED'],
      ['load an add-on', 'process.dlopen({exports: {}}, "/app/x.node")', 'ERR_DLOPEN_DISABLED'],
    ])('%s', async (_, script, code) => {
      const container = inside(
        `try { ${script}; console.log("done") } catch ({ code }) { console.log(code) }`,
      );
      await container.exit;
      expect(container.output().trim()).toBe(code);
    });

    test('write to its root file system even without the permission model of Node.js', async () => {
      const script =
        'for (const at of ["/x", "/app/x", "/etc/x"]) try { require("fs").writeFileSync(at, ""); console.log("wrote") } catch ({ code }) { console.log(code) }';
      const container = run({ entrypoint: ['/nodejs/bin/node'], args: ['--eval', script] });
      await container.exit;
      expect(new Set(container.output().trim().split('\n'))).toEqual(new Set(['EROFS']));
    });

    test('run as another user, or gain privileges', async () => {
      const script =
        'console.log(process.getuid(), require("fs").readFileSync("/proc/self/status", "utf8").match(/(CapEff|CapBnd|NoNewPrivs):\\s*\\S+/g).join())';
      const container = run({ entrypoint: ['/nodejs/bin/node'], args: ['--eval', script] });
      await container.exit;
      expect(container.output().replaceAll('\t', '').trim()).toBe(
        '65532 CapEff:0000000000000000,CapBnd:0000000000000000,NoNewPrivs:1',
      );
    });
  });

  test('contains the bundled program, its licenses and its bill of materials, and no packages, shell, npm or sources', () => {
    const files = globSync('**/*', { cwd: join(image.rootfs, 'app') });
    const others = files.filter((file) => !/^dist\/[\w.-]+\.js$/.test(file));
    expect(others.toSorted()).toEqual([
      'LICENSE',
      'dist',
      'dist/licenses.txt',
      'dist/oidc-authz.cdx.json',
      'package.json',
      'protos',
      'protos/external_auth.proto',
      'protos/health.proto',
    ]);
    expect(files).toContain(join('dist', 'main.js'));
    for (const program of [
      'bin/sh',
      'usr/bin/sh',
      'bin/bash',
      'usr/bin/npm',
      'usr/local/bin/npm',
      'usr/bin/env',
    ])
      expect([program, existsSync(join(image.rootfs, program))]).toEqual([program, false]);
  });

  test('is smaller than 8 MiB without Node.js', () => {
    const [kibibytes] = execFileSync('du', ['-sk', join(image.rootfs, 'app')])
      .toString()
      .split('\t');
    expect(Number(kibibytes) / 1024).toBeLessThan(8);
  });

  test('has labels, exposed ports and a user', () => {
    expect(image.config.Labels).toMatchObject({
      'org.opencontainers.image.title': 'oidc-authz',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.version': '0.1.0',
    });
    expect(Object.keys(image.config.ExposedPorts).toSorted()).toEqual(['8000/tcp', '8081/tcp', '9000/tcp']);
    expect(image.config.User).toBe('65532:65532');
  });
});

describeWith('hadolint', await programs.hadolint(), (path) => {
  test('finds no problem in the Dockerfile', () => {
    expect(execFileSync(path, ['Dockerfile'], { cwd: root }).toString()).toBe('');
  });
});
