import { expose } from "comlink";
import { Compiler } from "./compiler";
import { libs } from "./libs";

expose(new Compiler(libs));
