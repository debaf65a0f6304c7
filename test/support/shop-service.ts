/** A running service with one rule, for people who sign in at a shop, behind a mesh. */
import { onTestFinished } from 'vitest';
import { type RunningApp, runApp, type TestAppOptions } from './app.ts';
import { startFakeIssuer } from './fake-issuer.ts';
import type { FakeMesh } from './fake-mesh.ts';
import { type LoginServiceParts, shop } from './login-service.ts';

/** The configuration. @param more YAML in addition, such as `state` */
export function shopFile({ file }: Pick<LoginServiceParts, 'file'>, more = ''): string {
  return `${file}
rules: [{name: shop, match: {hosts: [${shop}]}, require: {login: [main]}}]
http: {host: 127.0.0.1, port: 0}
grpc: {host: 127.0.0.1, port: 0}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s, timeout: 5s}
${more}
`;
}

/** Starts the service and its mesh. Everything ends with the test, the provider too. */
export async function startShop(
  parts: LoginServiceParts,
  options: Omit<TestAppOptions, 'issuer'>,
  transport: 'http' | 'grpc' = 'http',
): Promise<{ readonly service: RunningApp; readonly mesh: FakeMesh }> {
  const service = await runApp({ ...options, issuer: await startFakeIssuer() });
  const mesh = await parts.mesh(transport, transport === 'http' ? service.httpPort : service.grpcPort);
  onTestFinished(async () => {
    await mesh.close();
    await service.stop();
    await service.issuer.close();
    await parts.provider.close();
  });
  return { service, mesh };
}
