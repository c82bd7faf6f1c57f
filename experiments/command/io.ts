/** What a command may touch of the outside, so that tests can stand in for the terminal. */
import type { OpenCampaign } from '../../harness/types.ts';

export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
}

export interface CommandContext {
  stdout: Output;
  stderr: NodeJS.WriteStream | Output;
  /** Loads the harness; not called by commands that only read. */
  loadCampaign: () => Promise<OpenCampaign>;
  /** Where runs go unless --out says otherwise. */
  resultsDirectory: string;
  /** The user's directory, for --workload-command. */
  workingDirectory: string;
  /** The words after the program's name, for the manifest. */
  argv: string[];
  /** Called with the handler of Ctrl-C; returns how to take it away again. */
  onInterrupt: (handler: () => void) => () => void;
  colour: boolean;
}
