package stand

const mongoDatabase = "torture"
