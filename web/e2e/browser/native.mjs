// The development MongoDB, read past the product by its own driver.
import { MongoClient, ObjectId } from 'mongodb';

/** The collection of todos. */
export async function todosOf(dev) {
  const client = await new MongoClient(dev.source_urls.mongodb).connect();
  const todos = client.db('todo').collection('todos');
  return { find: (id) => todos.findOne({ _id: new ObjectId(id) }), close: () => client.close() };
}
