/** The name of the workload given by --workload-command, in plans and tables. */
export const customName = 'custom';
