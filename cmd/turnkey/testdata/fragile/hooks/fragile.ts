// Fails in the way that the row's title names.
interface Failing {
  title?: string;
}

export default {
  beforeWrite(write, ctx) {
    const { title } = write.data as Failing;
    if (title === "throw") throw new Error("the words of the code");
    if (title === "time") forever();
    if (title === "memory") everything();
    if (title === "nonsense") return 7 as any;
    if (title === "reject") ctx.reject("NOT_TODAY", "Come back tomorrow.");
  },
} satisfies Hooks<"fragile">;

function forever() {
  for (let n = 0; ; n++) Math.sqrt(n);
}

function everything() {
  const all: Uint8Array[] = [];
  for (;;) all.push(new Uint8Array(1 << 25));
}
