import { describe, expect, test } from 'vitest';
import { createConnectionLimit } from '../../../../src/transport/grpc/connection/connection-limit.ts';

describe('beyond the connection limit', () => {
  function limit(max: number) {
    const ended: string[] = [];
    return { ended, places: createConnectionLimit<string>(max, (connection) => ended.push(connection)) };
  }

  test('the longest idle connection ends, and no connection with a call', () => {
    const { ended, places } = limit(3);
    for (const name of ['a', 'b', 'c']) places.opened(name);
    places.busy('a');
    places.busy('b');
    places.idle('b');
    for (const name of ['d', 'e', 'f']) places.opened(name);
    expect(ended).toEqual(['c', 'b', 'd']);
    places.idle('a');
    places.busy('e');
    places.opened('g');
    places.opened('h');
    expect(ended).toEqual(['c', 'b', 'd', 'f', 'a']);
  });

  test('the new connection ends if all have a call', () => {
    const { ended, places } = limit(2);
    for (const name of ['a', 'b']) {
      places.opened(name);
      places.busy(name);
    }
    places.opened('c');
    expect(ended).toEqual(['c']);
    places.closed('a');
    places.opened('d');
    expect(ended).toEqual(['c']);
  });

  test('a connection that is ending does not end again after one more call', () => {
    const { ended, places } = limit(2);
    for (const name of ['a', 'b', 'c']) places.opened(name);
    places.busy('a');
    places.idle('a');
    places.busy('b');
    places.busy('c');
    places.opened('d');
    expect(ended).toEqual(['a', 'd']);
  });
});
