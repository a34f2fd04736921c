TOKEN=$(curl -s 'http://localhost:8080/i/todo-x1/token?user_id=demo' | sed 's/.*"token":"\([^"]*\)".*/\1/')
curl -s 'http://localhost:8080/i/todo-x1/api/data' -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"transactions":[{"crud":[{"id":"65f0c0ffee0000000000cafe","op":"PUT","op_data":{"owner_id":"demo"},"table":"lists"}]}]}'
