url='@URL@'
key='YOUR_API_KEY'

panel() {
  action=$1
  shift
  curl -sS "$url" -d "key=$key" -d "action=$action" "$@"
}

panel services | grep '"service"' > /dev/null && echo 'There are services'
reply=$(panel add -d service=@SERVICE@ --data-urlencode 'link=@LINK@' -d quantity=@QUANTITY@)
order=$(echo "$reply" | sed -n 's/.*"order":\([0-9]*\).*/\1/p')
[ -n "$order" ] || { echo "$reply" >&2; exit 1; }
echo "Order: $order"
echo "Status: $(panel status -d "order=$order" | sed 's/.*"status":"\([^"]*\)".*/\1/')"
echo "Balance: $(panel balance | sed 's/.*"balance":"\([^"]*\)".*/\1/')"
