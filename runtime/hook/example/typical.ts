// A hook as customers write them: a class, validation by regular expression, defaults, derived fields.
class Invalid extends Error {
  field: string;
  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

const statuses = new Set(["open", "in_progress", "done", "cancelled"]);
const email = /^[^@\s]+@[^@\s]+\.[a-z]{2,}$/i;

interface Task {
  title?: string;
  status?: string;
  priority?: number;
  assignee_email?: string | null;
  tags?: string[];
  due?: string | null;
  estimate?: number;
  notes?: string;
  owner_id?: string;
  updated_by?: string;
}

function clean(title: string): string {
  return title.trim().replace(/\s+/g, " ").slice(0, 200);
}

function check(task: Task): void {
  if (task.status !== undefined && !statuses.has(task.status)) {
    throw new Invalid("status", `unknown status ${task.status}`);
  }
  if (task.assignee_email && !email.test(task.assignee_email)) {
    throw new Invalid("assignee_email", "not an address");
  }
  if (task.priority !== undefined && (task.priority < 0 || task.priority > 5)) {
    throw new Invalid("priority", "0 to 5");
  }
  if (task.due && Number.isNaN(Date.parse(task.due))) {
    throw new Invalid("due", "not a date");
  }
}

export default {
  beforeWrite(write: any, ctx: any) {
    const { tags = [], ...rest } = write.data as Task;
    const task: Task = { ...rest, tags: [...new Set(tags.map((t) => t.toLowerCase()))].sort() };
    if (task.title !== undefined) task.title = clean(task.title);
    try {
      check(task);
    } catch (e) {
      if (e instanceof Invalid) ctx.reject("INVALID_" + e.field.toUpperCase(), e.message);
      throw e;
    }
    if (write.old && write.old.status === "done" && task.status === "open") task.priority = 5;
    task.updated_by = ctx.user.id;
    return task;
  },
};
