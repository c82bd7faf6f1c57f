/** What the help of every experiment says below its options. */
export const examples = `
Examples:
  npm run experiment -- timeout-sweep
      the quick preset: real processes, about two minutes on two cores
  npm run experiment -- timeout-sweep --timeouts 100ms,1s --faults replica-kill --repeat 10
      two time-outs, one fault, ten trials a cell
  npm run experiment -- timeout-sweep --workload-command './simulation input.dat'
      your own program; each trial gets a copy of the current directory
  npm run experiment -- timeout-sweep --policy agreed,paper --faults false-flag-notice
      the paper's literal rule beside ours
  npm run experiment -- timeout-sweep --hosts docker --faults container-kill,link-partition
      replicas in containers of this machine's Docker engine, and faults of containers
  npm run experiment -- hosts-compare
      the same trials, same seeds, in processes and in containers (--hosts local,docker), pair by pair
  npm run experiment -- policy-compare
      the same single faults under our agreement and under the paper's literal rule, with its readings
  npm run experiment -- two-fault-map --faults replica-kill,vote-loss --second-faults all --gaps 0,1,8
      two faults in one run: masked, stopped safely, or a wrong output
  npm run experiment -- timeout-sweep --preset paper --dry-run
      what a run for publication takes, without running it
  npm run experiment -- report results/latest
      tables and figures once more, from the run directory alone

Exit status: 0 the claim holds, 1 violated, 2 too little seen to say, 64 wrong usage,
70 internal error, 130 interrupted (what was run is saved and reported).
The directory of the results is printed last. Faults kill and corrupt processes of the trial only.
`;
