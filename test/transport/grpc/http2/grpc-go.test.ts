/** grpc-go as a client: thousands of calls at once on one connection, with deadlines, cancellations and large messages. */
import { expect, test } from 'vitest';
import { callWithGrpcGo, findGrpcGoClient } from '../../../../tools/grpc-go-client.ts';
import { startApp } from '../../../support/app.ts';
import { checkBytes } from '../../../support/grpc-calls.ts';
import type { OfficialCheckResponse } from '../../../support/grpc-client.ts';
import { officialCheck } from '../../../support/official-protos.ts';
import { describeWith } from '../../../support/real-servers.ts';

describeWith('grpc-go', await findGrpcGoClient(), (client) => {
  test('gets the right answer to each call, on one connection', { timeout: 180_000 }, async () => {
    const { grpcPort, issuer } = await startApp({ flags: ['--log-checks=none'] });
    const headers = { authorization: `Bearer ${await issuer.mint()}` };
    const { codes, responses, connections, watched } = await callWithGrpcGo(client, {
      address: `127.0.0.1:${grpcPort}`,
      method: officialCheck.path,
      small: checkBytes({ headers }),
      large: checkBytes({ headers, rawBody: Buffer.alloc(4_000_000) }),
      calls: 20_000,
      seed: 1,
    });
    expect(Object.keys(codes.whole)).toEqual(['OK']);
    expect(Object.keys(codes.large)).toEqual(['OK']);
    expect(['Canceled', 'OK']).toEqual(expect.arrayContaining(Object.keys(codes.canceled)));
    expect(['DeadlineExceeded', 'OK']).toEqual(expect.arrayContaining(Object.keys(codes.deadline)));
    const results = Object.keys(responses).map((bytes) => {
      const { status, dynamicMetadata } = officialCheck.responseDeserialize(
        Buffer.from(bytes, 'hex'),
      ) as OfficialCheckResponse;
      return [status?.code ?? 0, dynamicMetadata?.fields?.reason?.stringValue];
    });
    // A check whose deadline is near may be denied.
    expect([
      [0, 'allowed'],
      [14, 'overloaded'],
    ]).toEqual(expect.arrayContaining(results));
    expect(results).toContainEqual([0, 'allowed']);
    expect(connections).toBe(1);
    expect(watched).toEqual(['SERVING', 'Canceled']);
  });
});
