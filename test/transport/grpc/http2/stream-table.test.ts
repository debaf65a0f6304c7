/** The table of streams, compared with a map. */
import { expect, test } from 'vitest';
import { createStreamTable } from '../../../../src/transport/grpc/http2/stream-table.ts';

test('finds what a map finds, with few streams at once and with many', () => {
  const table = createStreamTable<{ readonly id: number }>();
  const model = new Map<number, { readonly id: number }>();
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  let id = 1;
  for (let step = 0; step < 20_000; step++) {
    const most = step % 5_000 < 2_500 ? 20 : 1_000;
    if (model.size < most && random(2) === 0) {
      const entry = { id };
      table.add(entry);
      model.set(id, entry);
      id += 2 * (1 + random(300));
    } else {
      const entry = [...model.values()][random(Math.max(1, model.size))];
      if (entry !== undefined) {
        table.remove(entry);
        model.delete(entry.id);
      }
    }
    const other = 2 * random(id) + 1;
    expect(table.find(other)).toBe(model.get(other));
    expect(table.count()).toBe(model.size);
    if (step % 100 === 0) expect(new Set(table.all())).toEqual(new Set(model.values()));
  }
  for (const [known, entry] of model) expect(table.find(known)).toBe(entry);
});
