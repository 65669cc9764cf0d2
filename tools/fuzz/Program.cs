using Gpu.Training.Data;
using Gpu.Training.Images;
using Gpu.Training.Models;
using Gpu.Training.Weights;
using SharpFuzz;

// Reads what AFL sends with one reader. Documented exceptions are caught; all others are findings. With a file as the second argument, reads that file once.
if (args is not [var reader, ..] || reader is not ("image" or "model" or "safetensors" or "parquet"))
{
    Console.Error.WriteLine("usage: fuzz image|model|safetensors|parquet [FILE]");
    return 2;
}

var folder = Directory.CreateTempSubdirectory("fuzz-").FullName;
var path = Path.Combine(folder, reader == "parquet" ? "train-00000.parquet" : "data");
if (args.Length > 1) Read(File.ReadAllBytes(args[1]));
else
{
    Fuzzer.OutOfProcess.Run(stream =>
    {
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        Read(copy.ToArray());
    });
}

return 0;

void Read(byte[] data)
{
    try
    {
        switch (reader)
        {
            case "image": ImageCodec.Decode(data, "fuzz"); break;
            case "model":
                File.WriteAllBytes(path, data);
                ModelFile.Load(path);
                break;
            case "safetensors":
                File.WriteAllBytes(path, data);
                using (var file = new SafeTensorsReader(path))
                    foreach (var (name, tensor) in file.Tensors)
                        if (tensor.Type == "F32") file.ReadFloats(name);
                break;
            default:
                File.WriteAllBytes(path, data);
                DatasetLoader.Load(folder);
                break;
        }
    }
    catch (Exception e) when (e is ImageException or ModelException or SafeTensorsException or DatasetException)
    {
        // The documented exceptions.
    }
}
