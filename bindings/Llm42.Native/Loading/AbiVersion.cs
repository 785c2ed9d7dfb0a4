namespace Llm42.Native.Loading;

/// <summary>The ABI version that these bindings were generated for.</summary>
internal static class AbiVersion
{
    /// <summary>Refuses a library of another ABI version.</summary>
    public static void Check(int actual, string file)
    {
        if (actual != NativeConstants.AbiVersion)
        {
            throw new NativeLibraryVersionException(
                $"The native library '{file}' has ABI version {actual}; these bindings need version " +
                $"{NativeConstants.AbiVersion}. Rebuild it with ./build.sh native, or let LLM42_NATIVE_PATH name a matching one.");
        }
    }
}
