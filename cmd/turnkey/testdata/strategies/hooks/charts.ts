// The device's metadata says when each field was changed; the columns beside the fields keep it.
export default {
  beforeWrite(write) {
    const times = write.metadata ? JSON.parse(write.metadata) : {};
    for (const field of Object.keys(write.data ?? {})) {
      if (times[field]) write.data[`${field}_at`] = times[field];
    }
  },
} satisfies Hooks<"charts">;
