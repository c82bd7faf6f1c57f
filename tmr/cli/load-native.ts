/** The addon's calls on descriptors, for the monitor; without the addon it does with less. */
import type { NativeDescriptors } from '../monitor/native.ts';

export async function loadNative(): Promise<NativeDescriptors> {
  try {
    return await import('ptrace-napi');
  } catch {
    // A monitor alone needs no ptrace: it may run on a host where the addon was not built.
    return {};
  }
}
