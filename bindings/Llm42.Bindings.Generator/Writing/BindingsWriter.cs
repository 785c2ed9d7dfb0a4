using Llm42.Bindings.Generator.Model;

namespace Llm42.Bindings.Generator.Writing;

/// <summary>All generated files of an <see cref="ApiModel"/>.</summary>
public static class BindingsWriter
{
    /// <summary>Folder of the C# files.</summary>
    public const string Folder = "bindings/Llm42.Native/Generated";

    /// <summary>Writes the files in memory.</summary>
    public static IReadOnlyList<GeneratedFile> Write(ApiModel model)
    {
        DocWriter docs = new(model);
        IReadOnlyDictionary<string, StructLayout> layouts = StructLayout.Compute(model);
        return
        [
            new($"{Folder}/NativeConstants.cs", ConstantsWriter.Write(model, docs)),
            new($"{Folder}/Enums.cs", EnumsWriter.Write(model, docs)),
            new($"{Folder}/Opaques.cs", OpaquesWriter.Write(model)),
            new($"{Folder}/Structs.cs", StructsWriter.Write(model, docs)),
            new($"{Folder}/NativeMethods.cs", MethodsWriter.Write(model, docs)),
            new("tests/Llm42.Native.Tests/Generated/StructLayouts.cs", LayoutTableWriter.Write(model, layouts)),
            new("native/api/layout_checks.c", LayoutChecksWriter.Write(model, layouts)),
        ];
    }

    /// <summary>Starts a C# file.</summary>
    public static CodeText Begin(string @namespace, params string[] usings)
    {
        CodeText code = new();
        code.Line($"// {GeneratedFile.Notice}");
        code.Line("#nullable enable");
        foreach (string name in usings)
        {
            code.Line($"using {name};");
        }

        code.Line();
        code.Line($"namespace {@namespace};");
        return code;
    }
}
