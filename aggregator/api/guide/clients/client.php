<?php
const URL = '@URL@';
const KEY = 'YOUR_API_KEY';

function panel(string $action, array $fields = []): array
{
    $reply = file_get_contents(URL, false, stream_context_create(['http' => [
        'method' => 'POST',
        'header' => 'Content-Type: application/json',
        'content' => json_encode(['key' => KEY, 'action' => $action] + $fields),
        'timeout' => 30,
        'ignore_errors' => true, // a refusal is a reply, too
    ]]));
    $reply = json_decode((string) $reply, true);
    if (!is_array($reply) || isset($reply['error']) || isset($reply['message'])) {
        throw new RuntimeException($reply['error'] ?? $reply['message'] ?? 'no answer');
    }
    return $reply;
}

echo count(panel('services')) > 0 ? "There are services\n" : "There are no services\n";
$order = panel('add', [
    'service' => @SERVICE@,
    'link' => '@LINK@',
    'quantity' => @QUANTITY@,
    'request_id' => bin2hex(random_bytes(8)), // sent again, it orders nothing twice
])['order'];
echo "Order: $order\n";
echo 'Status: ', panel('status', ['order' => $order])['status'], "\n";
echo 'Balance: ', panel('balance')['balance'], "\n";
