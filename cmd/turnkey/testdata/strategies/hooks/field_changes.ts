// A change is applied in the transaction that brings it, or has failed and says why.
const values: { [field: string]: (text: string) => any } = {
  name: (text) => text,
  price: (text) => (Number(text) > 0 ? Number(text) : undefined),
};

export default {
  async beforeWrite(write, ctx) {
    const { row_id, field_name, new_value } = write.data;
    const products = ctx.db.table("products");
    const value = values[field_name]?.(new_value);
    let error = value === undefined ? `${new_value} is no ${field_name}.` : null;
    if (error === null && (await products.updateOne({ _id: row_id }, { [field_name]: value })).matchedCount === 0) {
      error = "The product is gone.";
    }
    return { ...write.data, status: error === null ? "applied" : "failed", error_message: error };
  },
} satisfies Hooks<"field_changes">;
