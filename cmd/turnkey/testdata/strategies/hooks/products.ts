// What devices do to a product is for their own eyes: field_changes does it here.
export default {
  beforeWrite(write, ctx) {
    if (write.op === "PATCH") return ctx.drop("Products change by field_changes.");
  },
} satisfies Hooks<"products">;
