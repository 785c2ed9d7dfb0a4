using Llm42.Bindings.Generator.Model;

namespace Llm42.Bindings.Generator.Writing;

/// <summary>Functions as imports.</summary>
internal static class MethodsWriter
{
    public static string Write(ApiModel model, DocWriter docs)
    {
        CodeText code = BindingsWriter.Begin("Llm42.Native", "System.Runtime.InteropServices");
        code.Line();
        code.Line("/// <summary>The functions of the C ABI, unchecked. The public layer above is written by hand.</summary>");
        code.Open("internal static unsafe partial class NativeMethods");
        code.Line("/// <summary>Name of the library, without prefix and extension.</summary>");
        code.Line("internal const string Library = \"llm42\";");
        foreach (FunctionDeclaration function in model.Functions)
        {
            string parameters = string.Join(
                ", ", function.Parameters.Select(p => $"{CSharpTypes.Spell(p.Type)} {Names.Camel(p.Name)}"));
            code.Line();
            docs.Write(code, function.Doc);
            code.Line($"[LibraryImport(Library, EntryPoint = \"{function.Name}\")]");
            code.Line($"internal static partial {CSharpTypes.Spell(function.Result)} {Names.Pascal(function.Name)}({parameters});");
        }

        code.Close();
        return code.ToString();
    }
}
