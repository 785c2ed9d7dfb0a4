return Llm42.Bindings.Generator.GeneratorCommand.Run(args, Console.Out, Console.Error);
