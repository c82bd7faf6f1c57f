import { it } from 'vitest';
import { writeFileSync } from 'node:fs';
import { Sweep } from '/work/main/harness/tolerance/sweep.ts';
import { casesAt, everyCase, stratumOf } from '/work/main/harness/tolerance/cases.ts';
it('x', async () => {
  const jobs = 2;
  const sweep = await Sweep.open(jobs);
  console.log(
    sweep.program,
    everyCase(sweep.program).length,
    new Set(everyCase(sweep.program).map(stratumOf)).size,
  );
  const k = Number(process.env.K ?? 20);
  const list = casesAt(k, sweep.program).filter(
    (t) => !process.env.ONLY || t.includes(process.env.ONLY),
  );
  const t0 = Date.now();
  let n = 0;
  const lines: string[] = [];
  await sweep.run(list, jobs, (r, rec) => {
    n++;
    lines.push(
      [
        r.violations.length || r.unknown ? '!!' : 'ok',
        r.case,
        r.outcome,
        'act=' + r.activated,
        'fl=' + rec.flagged + '/' + rec.fenced,
        rec.mechanism,
        r.violations.join('; '),
        r.unknown ?? '',
        rec.reason ?? '',
        Math.round((rec.trialWallNs ?? 0) / 1e6),
      ].join(' | '),
    );
  });
  console.log(n, (Date.now() - t0) / 1000);
  writeFileSync('/tmp/n1/cases.txt', lines.join('\n') + '\n');
  await sweep.close();
}, 600000);
