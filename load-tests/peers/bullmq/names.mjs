// What both processes call the same things by.

/** The queue. */
export const QUEUE = 'deadlines';
/** Where a job notes that it was done: the least durable thing it can do. */
export const STREAM = 'fired';
