import { expect, it } from 'vitest';
import { faultsPage } from './faults-doc.ts';

it('docs/faults.md has every kind as it is', async () => {
  await expect(faultsPage()).toMatchFileSnapshot('../docs/faults.md');
});
