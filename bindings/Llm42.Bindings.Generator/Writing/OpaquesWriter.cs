using Llm42.Bindings.Generator.Model;

namespace Llm42.Bindings.Generator.Writing;

/// <summary>Handle types as structs without fields.</summary>
internal static class OpaquesWriter
{
    public static string Write(ApiModel model)
    {
        CodeText code = BindingsWriter.Begin("Llm42.Native");
        foreach (OpaqueDeclaration opaque in model.Opaques)
        {
            code.Line();
            code.Line($"/// <summary>What a <c>{opaque.Name}*</c> points to; never seen from here.</summary>");
            code.Open($"public readonly struct {Names.Opaque(opaque.Name)}");
            code.Close();
        }

        return code.ToString();
    }
}
