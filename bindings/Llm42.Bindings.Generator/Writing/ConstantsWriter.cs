using Llm42.Bindings.Generator.Model;

namespace Llm42.Bindings.Generator.Writing;

/// <summary>Integer macros as constants.</summary>
internal static class ConstantsWriter
{
    public static string Write(ApiModel model, DocWriter docs)
    {
        CodeText code = BindingsWriter.Begin("Llm42.Native");
        code.Line();
        code.Line("/// <summary>Constants of the C ABI.</summary>");
        code.Open("public static class NativeConstants");
        bool first = true;
        foreach (ConstantDeclaration constant in model.Constants)
        {
            if (!first)
            {
                code.Line();
            }

            first = false;
            docs.Write(code, constant.Doc);
            code.Line($"public const int {Names.Pascal(constant.Name)} = {constant.Value};");
        }

        code.Close();
        return code.ToString();
    }
}
